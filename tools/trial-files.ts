import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { toUploadUri } from '../shared/jobs/uploads.ts';
import {
  listUriParameters,
  UPLOAD_NAME,
  type UploadPlace,
  type UriParameter,
} from '../shared/templates/storage-uris.ts';
import type { Template } from '../shared/templates/template.ts';

/** A file of this machine, and the URI that it has for the length of a trial. */
export interface TrialFile {
  readonly uri: string;
  readonly file: string;
}

/** Where a trial looks for files, and where it puts them. */
export interface FilePlace {
  readonly uploads: UploadPlace;
  /** The template's own folder, which holds the files of its examples. */
  readonly templateFolder: string;
  /** The folder that paths of the command line are relative to. */
  readonly folder: string;
}

/** The parameters of a trial: those of its example, and those of the command line over them. */
export interface GivenParameters {
  readonly example: Readonly<Record<string, unknown>>;
  readonly typed: Readonly<Record<string, unknown>>;
}

/** Parameters whose local paths have become URIs. */
export interface PlacedParameters {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly files: readonly TrialFile[];
  readonly faults: readonly string[];
}

/**
 * Puts the files that parameters name into the trial's own area, as a caller would with create-upload: what the command
 * line gives in place of a URI is a path, and the example of an `upload-uri` names a file of the template's folder.
 */
export function placeFiles(
  template: Pick<Template, 'parameters'>,
  given: GivenParameters,
  place: FilePlace,
): PlacedParameters {
  const parameters = { ...given.example, ...given.typed };
  const files: TrialFile[] = [];
  const faults: string[] = [];
  for (const parameter of listUriParameters(template)) {
    const { name } = parameter;
    const path = findPath(parameter, given, place);
    if (path === undefined) continue;
    const placed = placeFile(path, place.uploads);
    if (typeof placed === 'string') faults.push(`${name}: ${placed}`);
    else {
      files.push(placed);
      parameters[name] = placed.uri;
    }
  }
  return { parameters, files, faults };
}

function findPath(
  { name, format }: UriParameter,
  { example, typed }: GivenParameters,
  { templateFolder, folder }: FilePlace,
): string | undefined {
  const value = typed[name];
  if (typeof value === 'string') {
    return /^[a-z0-9]+:\/\//.test(value) ? undefined : resolve(folder, value);
  }
  const shown = example[name];
  if (format !== 'upload-uri' || typeof shown !== 'string') return undefined;
  return resolve(templateFolder, basename(shown));
}

/** The file with its URI, or why it has none. */
function placeFile(file: string, uploads: UploadPlace): TrialFile | string {
  const name = basename(file);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    return `there is no file ${file}`;
  if (!UPLOAD_NAME.test(name)) return `the name ${name} must match ${UPLOAD_NAME.source}`;
  const content = readFileSync(file);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const uri = toUploadUri(uploads, { size: content.length, sha256, name }, randomBytes(16));
  return { uri, file };
}
