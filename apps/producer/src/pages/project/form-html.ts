/** The form by which people ask for an export. Two clicks for what most want: what it is to be, and the button. */
import { LANGUAGES } from '@parcelpost/shared/languages.js';
import type { PageContext } from '../context.js';
import { csrfField, type Html, html } from '../html.js';
import { fill, speech } from '../intl.js';
import { PROJECT, type ProjectWords } from '../words/project.js';
import { DELIMITERS, emptyForm, type Faults, type Field, GEOMETRIES, type Tick, TYPES } from './form.js';
import type { ShownForm } from './view.js';

/** Fields that lie in a part of the form which is closed unless something in it is other than usual. */
const IN_OPTIONS: readonly Field[] = [
  'language',
  'delimiter',
  'geometry',
  'bom',
  'escapeFormulas',
  'labels',
  'shapefileAttributes',
  'includeArchived',
  'allowPartial',
  'provenance',
  'unchangedSince',
];
const IN_WEBHOOK: readonly Field[] = ['webhookUrl', 'webhookSuccess', 'webhookFailure'];

export function exportForm(context: PageContext, action: string, form: ShownForm): Html {
  const words = PROJECT[context.language];
  const at = new Fields(words, form);
  const { values, needsToken, key } = form;
  const types = TYPES.map(
    (
      type,
    ) => html`<label class="choice"><input type="radio" name="what" value="${type}" id="what-${type}"${values.what === type && html` checked`} required>
<span><strong>${words.types[type].name}</strong><br><span class="small">${words.types[type].text}</span></span></label>`,
  );
  return html`<form method="post" action="${action}" class="export-form" id="export-form">
${csrfField(context)}<input type="hidden" name="key" value="${key}">
${summary(context, words, form)}
<fieldset id="field-what"${at.described('what')}><legend>${words.what}</legend>${at.fault('what')}
<div class="type-choices">${types}</div></fieldset>
${at.formats()}
${needsToken && at.token()}
<details${at.open(IN_OPTIONS)}><summary>${words.options}</summary>${at.options()}</details>
<fieldset><legend>${words.afterwards}</legend>
${at.tick('mailSuccess')}${at.tick('mailFailure')}
<p class="hint">${fill(words.mailTo, { address: form.address })}</p>
<details${at.open(IN_WEBHOOK)}><summary>${words.webhookHeading}</summary>
${at.text('webhookUrl', { type: 'url', inputmode: 'url', placeholder: 'https://', hint: words.webhookHint })}
${at.tick('webhookSuccess')}${at.tick('webhookFailure')}</details></fieldset>
<p class="actions"><button class="primary">${words.submit}</button></p>
</form>`;
}

/** What is wrong, before everything else, with ways to the fields. */
function summary(context: PageContext, words: ProjectWords, { faults, problem }: ShownForm): Html | false {
  const wrong = Object.entries(faults) as [Field, NonNullable<Faults[Field]>][];
  if (problem !== undefined)
    return html`<div class="notice error" role="alert" tabindex="-1" id="faults"><p>${problem}</p></div>`;
  if (wrong.length === 0) return false;
  return html`<div class="notice error" role="alert" tabindex="-1" id="faults">
<p>${speech(context.language).plural(wrong.length, words.faultsHeading)}</p>
<ul>${wrong.map(([field, fault]) => html`<li><a href="#field-${field}">${faultText(words, fault)}</a></li>`)}</ul></div>`;
}

const faultText = (words: ProjectWords, { word, detail = '' }: NonNullable<Faults[Field]>) =>
  fill(words.faults[word], { detail });

/** The fields of one form. */
class Fields {
  readonly #usual;

  constructor(
    readonly words: ProjectWords,
    readonly form: ShownForm,
  ) {
    this.#usual = emptyForm('');
  }

  /** Whether a part of the form is open: something in it was changed, or is wrong. */
  open(fields: readonly Field[]): Html | false {
    const { values, faults } = this.form;
    const touched = fields.some((field) => {
      if (faults[field]) return true;
      if (field === 'language' || field === 'what' || field === 'apiToken' || field === 'formats') return false;
      return values[field] !== this.#usual[field];
    });
    return touched && html` open`;
  }

  invalid(field: Field): Html | false {
    return this.form.faults[field] !== undefined && html` aria-invalid="true" aria-describedby="fault-${field}"`;
  }

  /** For a group of choices, which is not itself wrong or right. */
  described(field: Field): Html | false {
    return this.form.faults[field] !== undefined && html` aria-describedby="fault-${field}"`;
  }

  fault(field: Field): Html | false {
    const fault = this.form.faults[field];
    return fault !== undefined && html`<p class="fault" id="fault-${field}">${faultText(this.words, fault)}</p>`;
  }

  tick(field: Tick): Html {
    const ticked = this.form.values[field];
    return html`<p class="tick"><label><input type="checkbox" name="${field}" id="field-${field}"${ticked && html` checked`}${this.invalid(field)}>${this.words[field]}</label></p>${this.fault(field)}`;
  }

  text(
    field: 'webhookUrl' | 'unchangedSince',
    more: { type?: string; inputmode?: string; placeholder?: string; hint?: string } = {},
  ): Html {
    const { type = 'text', inputmode = 'text', placeholder = '', hint } = more;
    return html`<div class="field"><label for="field-${field}">${this.words[field]}</label>
<input id="field-${field}" name="${field}" type="${type}" inputmode="${inputmode}" value="${this.form.values[field]}" placeholder="${placeholder}" autocomplete="off" spellcheck="false" maxlength="4000"${this.invalid(field)}>
${hint !== undefined && html`<p class="hint">${hint}</p>`}${this.fault(field)}</div>`;
  }

  select(
    field: 'delimiter' | 'geometry' | 'language',
    choices: readonly (readonly [value: string, text: string])[],
  ): Html {
    const chosen = this.form.values[field];
    const options = choices.map(
      ([value, text]) =>
        html`<option value="${value}"${field === 'language' && html` lang="${value}"`}${value === chosen && html` selected`}>${text}</option>`,
    );
    return html`<div class="field"><label for="field-${field}">${this.words[field]}</label>
<select id="field-${field}" name="${field}"${this.invalid(field)}>${options}</select>${this.fault(field)}</div>`;
  }

  formats(): Html {
    const { values, formats } = this.form;
    const choices = formats.map((format) => {
      const known = (this.words.formats as Record<string, { name: string; text: string } | undefined>)[format];
      return html`<label class="choice"><input type="checkbox" name="formats" value="${format}"${values.formats.includes(format) && html` checked`}>
<span><strong>${known?.name ?? format}</strong>${known && html`<br><span class="small">${known.text}</span>`}</span></label>`;
    });
    return html`<fieldset class="formats" id="field-formats"${this.described('formats')}><legend>${this.words.formatsHeading}</legend>${this.fault('formats')}
<div class="type-choices">${choices}</div></fieldset>`;
  }

  token(): Html {
    return html`<div class="field"><label for="field-apiToken">${this.words.apiToken}</label>
<input id="field-apiToken" name="apiToken" type="password" autocomplete="off" required${this.invalid('apiToken')}>
<p class="hint">${this.words.apiTokenHint}</p>${this.fault('apiToken')}</div>`;
  }

  options(): Html {
    const { words } = this;
    const delimiters = Object.keys(DELIMITERS) as (keyof typeof DELIMITERS)[];
    return html`${this.select('language', Object.entries(LANGUAGES))}
<fieldset><legend>${words.csvHeading}</legend>
${this.select(
  'delimiter',
  delimiters.map((one) => [one, words.delimiters[one]]),
)}
${this.select(
  'geometry',
  GEOMETRIES.map((one) => [one, words.geometries[one]]),
)}
${this.tick('bom')}${this.tick('escapeFormulas')}${this.tick('labels')}</fieldset>
<fieldset><legend>${words.moreHeading}</legend>
${this.tick('shapefileAttributes')}${this.tick('includeArchived')}${this.tick('allowPartial')}${this.tick('provenance')}
${this.text('unchangedSince')}</fieldset>`;
  }
}
