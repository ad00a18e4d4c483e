/** Somebody with a browser and no script: keeps cookies, and sends the forms of pages with all that stands in them. */
import { type Answer, send } from './producer.js';

export class Visitor {
  readonly cookies = new Map<string, string>();

  constructor(
    readonly port: number,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /** Opens a page; redirections are the caller's to follow. */
  open(target: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send('GET', target, headers);
  }

  /**
   * Sends the form of a page that leads to an address.
   * @param fields in place of, or beside, what stands in the form
   */
  async submit(page: Answer, action: string, fields: Record<string, string> = {}, headers = {}): Promise<Answer> {
    const start = page.text.indexOf(`action="${action}"`);
    if (start < 0) throw new Error(`the page has no form that leads to ${action}: ${page.text.slice(0, 500)}`);
    const form = page.text.slice(start, page.text.indexOf('</form>', start));
    const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(
      ([, name, value]) => [`${name}`, `${value}`.replaceAll('&amp;', '&')] as const,
    );
    return this.post(action, { ...Object.fromEntries(hidden), ...fields }, headers);
  }

  /** Sends a form of the caller's own making. */
  post(action: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#send('POST', action, { ...type, ...headers }, new URLSearchParams(fields).toString());
  }

  async #send(method: string, target: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await send(this.port, target, {
      method,
      headers: { accept: 'text/html', ...this.headers, ...headers, ...(cookie && { cookie }) },
      ...(body !== undefined && { body }),
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}
