import { expect, test } from 'vitest';
import { platformOf } from './platform.js';

const PUBLIC_URL = 'https://exports.example';

test.each<[string, Partial<Parameters<typeof platformOf>[0]>, { url: string; own: boolean }]>([
  ['is ours at our public address', {}, { url: PUBLIC_URL, own: true }],
  [
    'is ours at that address, however it is written',
    { PLATFORM_API_URL: `${PUBLIC_URL}/` },
    { url: `${PUBLIC_URL}/`, own: true },
  ],
  ['is another one at another address', { PLATFORM_API_URL: 'http://other' }, { url: 'http://other', own: false }],
  [
    'is ours at an address inside the network, where that is said',
    { PLATFORM_API_URL: 'http://producer:3000', PLATFORM_IS_OWN: true },
    { url: 'http://producer:3000', own: true },
  ],
])('the platform %s', (_, config, platform) => {
  expect(platformOf({ PLATFORM_API_URL: undefined, PLATFORM_IS_OWN: undefined, PUBLIC_URL, ...config })).toEqual(
    platform,
  );
});
