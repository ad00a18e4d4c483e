/** The style of the embedded element; a site may set the properties that begin with `--parcelpost-`. */
const TEXT = `
:host {
  --accent: var(--parcelpost-accent, #0b6e4f);
  --accent-text: var(--parcelpost-accent-text, #fff);
  --text: var(--parcelpost-text, #1b2420);
  --muted: var(--parcelpost-muted, #55615b);
  --surface: var(--parcelpost-surface, #fff);
  --sunken: var(--parcelpost-sunken, #eef1ee);
  --line: var(--parcelpost-line, #d5dcd8);
  --strong-line: #7d8a84;
  --error: var(--parcelpost-error, #a3161c);
  --focus: #1257c0;
  color-scheme: light dark;
  display: block;
  color: var(--text);
  font: var(--parcelpost-font, 1rem/1.5 system-ui, sans-serif);
}
:host([hidden]) { display: none; }
@media (prefers-color-scheme: dark) {
  :host {
    --accent: var(--parcelpost-accent, #63cda6);
    --accent-text: var(--parcelpost-accent-text, #07251a);
    --text: var(--parcelpost-text, #e7ece9);
    --muted: var(--parcelpost-muted, #a6b2ac);
    --surface: var(--parcelpost-surface, #1a211e);
    --sunken: var(--parcelpost-sunken, #232b27);
    --line: var(--parcelpost-line, #33403a);
    --strong-line: #7d8c85;
    --error: var(--parcelpost-error, #ffaaa6);
    --focus: #8ab8ff;
  }
}
* { box-sizing: border-box; }
.frame { padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--surface); }
.frame.bare { padding: 0; border: 0; background: none; }
h2 { margin: 0 0 .5rem; font-size: 1.1rem; }
* + h2 { margin-block-start: 1.25rem; }
fieldset { margin: 0; padding: 0; border: 0; }
legend { padding: 0; color: var(--muted); }
label { display: flex; gap: .5rem; align-items: baseline; padding-block: .2rem; }
input { flex: none; accent-color: var(--accent); }
a { color: var(--accent); text-underline-offset: .15em; }
button, .button {
  display: inline-block; min-block-size: 2.25rem; padding: .3rem .9rem; border: 1px solid var(--strong-line);
  border-radius: .5rem; background: var(--surface); color: var(--text); font: inherit; text-decoration: none; cursor: pointer;
}
button.primary { margin-block-start: .75rem; border-color: var(--accent); background: var(--accent); color: var(--accent-text); }
button:disabled { opacity: .6; cursor: default; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
ul { margin: 0; padding: 0; list-style: none; }
li { display: flex; flex-wrap: wrap; gap: .35rem 1rem; align-items: center; padding-block: .6rem; border-block-end: 1px solid var(--line); }
li > div { flex: 1 1 14rem; min-inline-size: 0; overflow-wrap: anywhere; }
li > div.deeds { display: flex; flex: 0 1 auto; flex-wrap: wrap; gap: .4rem; }
.state { display: inline-block; padding: .05rem .5rem; border-radius: 1rem; background: var(--sunken); font-size: .875rem; font-weight: 600; }
.state.failed { color: var(--error); }
.small { margin: 0; color: var(--muted); font-size: .875rem; }
.fault { color: var(--error); }
.said { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
progress { inline-size: 100%; max-inline-size: 20rem; accent-color: var(--accent); }
form { margin: 0; }
`;

let made: CSSStyleSheet | undefined;

/** One style sheet for all elements of a page: constructed, which policies for content do not mind. */
export function embedStyle(): CSSStyleSheet {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(TEXT);
  }
  return made;
}
