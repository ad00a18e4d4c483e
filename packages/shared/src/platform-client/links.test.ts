import { expect, test } from 'vitest';
import { checkedNext, projectAddress } from './links.js';

const project = projectAddress('http://producer.inner:3000', 'acme', 'survey');
const page = `${project.path}parties/`;

test.each([`${page}?limit=5`, '?limit=5', `http://producer.inner:3000${page}?limit=5`])('%s is followed', (next) => {
  expect(checkedNext(next, page, project).href).toBe(`http://producer.inner:3000${page}?limit=5`);
});

test.each([
  ['https://producer.example.org/x', 'leads to https://producer.example.org'],
  ['https://evil.example/?secret=1', 'leads to https://evil.example'],
  ['/api/v1/organizations/acme/projects/other/', 'leads to /api/v1/organizations/acme/projects/other/'],
  [`http://ana:secret@producer.inner:3000${page}`, 'bears a user name or password'],
  ['http://[', 'is not a URL'],
])('%s is refused, and the message says where it leads and not where we look for the platform', (next, says) => {
  let message = '';
  try {
    checkedNext(next, page, project);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toContain(`The "next" link in the platform's answer to GET ${page} ${says}, `);
  expect(message).not.toMatch(/inner|3000|secret/);
});
