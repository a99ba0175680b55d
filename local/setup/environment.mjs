const NPM_SETTINGS_KEPT =
  /^npm_config_(\/\/|@|registry$|cafile$|ca$|cert$|key$|proxy$|https_proxy$|http_proxy$|noproxy$|strict_ssl$|cache$|userconfig$|globalconfig$|fetch_|maxsockets$|offline$|prefer_offline$|nodedir$)/i;

const PYTHON_SETTINGS_DROPPED = new Set([
  'PIP_USER',
  'PIP_TARGET',
  'PIP_PREFIX',
  'PIP_ROOT',
  'PIP_DRY_RUN',
  'PIP_REQUIREMENT',
  'PIP_CONSTRAINT',
  'PIP_NO_DEPS',
  'PYTHONHOME',
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'VIRTUAL_ENV',
  '__PYVENV_LAUNCHER__',
]);

/**
 * Returns the environment for a tool of the set-up: the user's own, so that proxies, certificates
 * and registries hold, without what the surrounding `npm run` added (`npm_lifecycle_*`,
 * `npm_config_ignore_scripts` and the like would change what `npm ci` installs), and without
 * settings that would make pip install elsewhere.
 */
export function toolEnvironment(env, temporary) {
  const kept = Object.entries(env).filter(([name]) => isKept(name));
  return {
    ...Object.fromEntries(kept),
    TMPDIR: temporary,
    PIP_NO_INPUT: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
  };
}

function isKept(name) {
  if (PYTHON_SETTINGS_DROPPED.has(name)) return false;
  if (/^npm_config_/i.test(name)) return NPM_SETTINGS_KEPT.test(name);
  return !/^(npm_|INIT_CWD$|NODE_ENV$|NODE_OPTIONS$)/i.test(name);
}

/** Keeps Java from writing to /tmp/hsperfdata_<user>, wherever TMPDIR is. */
export const NO_PERF_DATA = '-XX:-UsePerfData';

/** Returns a small environment for Java and Spark, which read much of the user's otherwise. */
export function sparkEnvironment({ env, temporary, javaHome, sparkHome, python }) {
  return {
    PATH: env.PATH ?? '/usr/bin:/bin',
    HOME: temporary,
    TMPDIR: temporary,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    JAVA_HOME: javaHome,
    SPARK_HOME: sparkHome,
    SPARK_LAUNCHER_OPTS: NO_PERF_DATA,
    SPARK_LOCAL_IP: '127.0.0.1',
    PYSPARK_PYTHON: python,
    METADATA_SERVER_DETECTION: 'none',
    NO_GCE_CHECK: 'true',
  };
}
