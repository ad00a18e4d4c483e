import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { CliError } from './errors.js';
import { Output } from './output.js';

function captured(options: { json?: boolean; quiet?: boolean; tty?: boolean; env?: Record<string, string> } = {}) {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk, _, done) {
        texts[name] += chunk;
        done();
      },
    });
  const stderr = Object.assign(stream('stderr'), { isTTY: options.tty ?? false, columns: 80 });
  const { json = false, quiet = false, env = {} } = options;
  return { texts, output: new Output({ stdout: stream('stdout'), stderr, json, quiet, env }) };
}
const stage = (fraction: number) => ({ label: 'reading', fraction, figures: '' });

it('without a terminal tells a line for each tenth, and not for each record', () => {
  const { output, texts } = captured();
  for (let i = 0; i <= 1000; i++) output.progress(stage(i / 1000), {});
  expect(texts.stderr.trimEnd().split('\n')).toEqual(Array.from({ length: 11 }, (_, i) => `reading ${i * 10} %`));
  expect(texts.stdout).toBe('');
});

it.each([
  [{}, true],
  [{ NO_COLOR: '1' }, false],
  [{ NO_COLOR: '' }, true],
])('on a terminal with %j colours: %s', (env, coloured) => {
  const { output, texts } = captured({ tty: true, env });
  output.progress(stage(0.5), {});
  output.endProgress();
  expect(texts.stderr.includes('\u001b[32m')).toBe(coloured);
});

it('draws no bar on a terminal that cannot, nor when it is to be quiet', () => {
  for (const options of [
    { tty: true, env: { TERM: 'dumb' } },
    { tty: true, quiet: true },
    { tty: true, json: true },
  ]) {
    const { output, texts } = captured(options);
    output.progress(stage(0.5), {});
    expect(texts.stderr).not.toContain('\r');
  }
});

it('takes the bar away before something else is written, and draws it again below', () => {
  const { output, texts } = captured({ tty: true, env: { NO_COLOR: '1' } });
  const bar = expect.stringMatching(/^reading .* 50 %$/);
  output.progress(stage(0.5), {});
  output.warn('news');
  output.endProgress();
  expect(texts.stderr.split('\r\u001b[K')).toEqual(['', bar, 'news\n', bar, '']);
});

it('writes a secret nowhere', () => {
  const { output, texts } = captured();
  output.hide('s3cret');
  output.line('a s3cret');
  output.fail(
    new CliError(1, 'x', 'of s3cret.', {
      fields: [{ pointer: '/s3cret', detail: 's3crets3cret' }],
      advice: ['s3cret'],
    }),
  );
  expect(texts).toEqual({ stdout: 'a ***\n', stderr: 'parcelpost: of ***.\n  /***: ******\n  ***\n' });
});

it('tells of the same trouble once, until it is over', () => {
  const { output, texts } = captured();
  for (let i = 0; i < 3; i++) output.trouble('It is away.');
  output.progress(stage(0), {});
  output.trouble('It is away.');
  expect(texts.stderr.match(/It is away/g)).toHaveLength(2);
});
