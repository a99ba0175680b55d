const HEARTBEAT_MS = 10_000;
const SPIN_MS = 120;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * Shows what a long command waits for: one line when a step begins and one when it has ended, with
 * the seconds it took. A terminal gets a spinner; anything else gets a line every ten seconds. A
 * terminal that does not know its width says 0 columns, and counts as one of 80.
 */
export function createProgress(stream = process.stderr) {
  return stream.isTTY ? createSpinner(stream) : createLines(stream);
}

function createLines(stream) {
  const line = (text) => stream.write(`  ${text}\n`);
  return {
    note: line,
    begin(name, waitsFor) {
      const startedAt = Date.now();
      line(`${name}: ${waitsFor} …`);
      const beat = () => line(`${name}: still ${waitsFor} (${seconds(startedAt)})`);
      const timer = setInterval(beat, HEARTBEAT_MS).unref();
      return finisher(timer, (text) => line(`${name}: ${text} (${seconds(startedAt)})`));
    },
  };
}

function createSpinner(stream) {
  const clear = () => stream.write('\r\x1b[2K');
  return {
    note(text) {
      clear();
      stream.write(`  ${text}\n`);
    },
    begin(name, waitsFor) {
      const startedAt = Date.now();
      const draw = () => {
        const frame = FRAMES[Math.floor((Date.now() - startedAt) / SPIN_MS) % FRAMES.length];
        const room = Math.max(20, (stream.columns || 80) - 1);
        const text = `${frame} ${name}: ${waitsFor} (${seconds(startedAt)})`;
        clear();
        stream.write(text.slice(0, room));
      };
      draw();
      const timer = setInterval(draw, SPIN_MS).unref();
      return finisher(
        timer,
        (text) => {
          clear();
          stream.write(`✓ ${name}: ${text} (${seconds(startedAt)})\n`);
        },
        clear,
      );
    },
  };
}

function finisher(timer, onDone, onCancel = () => undefined) {
  return {
    done(text) {
      clearInterval(timer);
      onDone(text);
    },
    cancel() {
      clearInterval(timer);
      onCancel();
    },
  };
}

function seconds(startedAt) {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}
