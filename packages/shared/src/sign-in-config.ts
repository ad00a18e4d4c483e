/** The variables of signing in to the pages. */
import { z } from 'zod';

/** Names of this very machine, to which nobody is on the way. */
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/** What comes from an identity provider is believed, so nobody may be able to change it on its way. */
const providerUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));
}, 'must be a URL that begins with https://; plain http:// is for a provider on this very machine');

const scopes = z
  .string()
  .default('openid profile email')
  .refine((text) => text.split(' ').includes('openid'), 'must be scopes with spaces between, and openid among them');

export const signInVariables = {
  SAMPLE_SIGN_IN: z.stringbool().default(false),
  SESSION_HOURS: z.coerce.number().int().min(1).max(720).default(24),
  OIDC_ISSUER: providerUrl.optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_SCOPES: scopes,
  OIDC_NAME: z.string().max(60).optional(),
  OIDC_LINK_EMAIL: z.stringbool().default(false),
  OIDC_TRUST_EMAIL: z.stringbool().default(false),
  OIDC_CREATE_USERS: z.stringbool().default(false),
};

type Variables = z.output<z.ZodObject<typeof signInVariables>>;

/** The identity provider at which people sign in (OpenID Connect). */
export interface ProviderConfig {
  /** Its issuer identifier. */
  issuer: string;
  clientId: string;
  /** Without one this service is a public client: the provider has PKCE alone to know it by. */
  clientSecret: string | undefined;
  scopes: string;
  /** What people call the provider. */
  name: string;
  /** Whether an identity becomes that of the user who has its address. */
  linkEmail: boolean;
  /** Whether addresses are good of which the provider does not say that it has verified them. */
  trustEmail: boolean;
  /** Whether somebody whom nobody knows becomes a user. */
  createUsers: boolean;
}

/** What is wrong with the variables together; undefined if nothing is. */
export function signInFault({ OIDC_ISSUER, OIDC_CLIENT_ID, SAMPLE_SIGN_IN }: Variables): string | undefined {
  if (OIDC_ISSUER === undefined) return undefined;
  if (OIDC_CLIENT_ID === undefined) return 'OIDC_CLIENT_ID is not set: it says as whom OIDC_ISSUER knows this service';
  if (SAMPLE_SIGN_IN) {
    return 'SAMPLE_SIGN_IN is wrong: it lets everybody in as anybody, which makes OIDC_ISSUER worth nothing. Set one of the two';
  }
  return undefined;
}

/** The provider that the variables name, if any. */
export function providerConfig(variables: Variables): ProviderConfig | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = variables;
  if (issuer === undefined || clientId === undefined) return undefined;
  return {
    issuer,
    clientId,
    clientSecret: variables.OIDC_CLIENT_SECRET,
    scopes: variables.OIDC_SCOPES,
    name: variables.OIDC_NAME ?? new URL(issuer).host,
    linkEmail: variables.OIDC_LINK_EMAIL,
    trustEmail: variables.OIDC_TRUST_EMAIL,
    createUsers: variables.OIDC_CREATE_USERS,
  };
}
