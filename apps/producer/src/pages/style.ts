import { DEEPEST } from './follow-up-table.js';

const indents = Array.from(
  { length: DEEPEST },
  (_, index) => `td.depth-${index + 1} { padding-left: ${index + 1}rem; }\n`,
).join('');

/** The style sheet of every page. */
export const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
header { display: flex; justify-content: space-between; padding: .75rem 1.5rem; border-bottom: 1px solid var(--line); }
header > a { font-weight: 600; text-decoration: none; color: inherit; }
main { max-width: 64rem; margin: 0 auto; padding: 1rem 1.5rem 3rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; }
dt { opacity: .7; }
dd { margin: 0; }
.state { font-weight: 600; }
.state.completed { color: #1a7f37; }
.state.failed, .fault { color: #cf222e; }
.state.running, .state.waiting, .state.partial { color: #9a6700; }
.button { display: inline-block; padding: .4rem .9rem; border: 1px solid; border-radius: .4rem; text-decoration: none; }
.small { font-size: .85rem; opacity: .8; overflow-wrap: anywhere; }
form label { margin-right: .5rem; }
${indents}ul.plain { list-style: none; padding: 0; }
ul.plain li { margin: .3rem 0; }
`;
