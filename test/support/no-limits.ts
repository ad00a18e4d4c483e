/** People of tests ask for what they like. */
export const NO_LIMITS = {
  LIMIT_PERSON_IN_FLIGHT: '0',
  LIMIT_PERSON_PER_HOUR: '0',
  LIMIT_PROJECT_IN_FLIGHT: '0',
  LIMIT_PROJECT_PER_HOUR: '0',
};
