/** Words of the made-up project: five scripts, and the values that break careless software. */

/** Latin (with letters beyond ASCII), Cyrillic, Arabic, Devanagari, Chinese. */
export const PERSON_NAMES = [
  'Chloë O’Brien',
  'Łukasz Żółć',
  'Nguyễn Thị Hương',
  'Мария Соловьёва',
  'Ђорђе Петровић',
  'فاطمة الزهراء',
  'محمد بن علي',
  'सीता शर्मा',
  'अर्जुन क्षत्रिय',
  '王小明',
  '歐陽 美玲',
] as const;

export const GROUP_NAMES = [
  'Brixton Housing Co-operative, Ltd.',
  'Община «Северная»',
  'جمعية الملاك',
  'किसान सभा',
  '合作社（伦敦）',
  'The "Elephant & Castle" Trust',
] as const;

export const PLACE_NAMES = [
  'St Mary’s Close',
  'Großer Garten',
  'Садовый переулок',
  'حديقة النخيل',
  'गंगा वाटिका',
  '泰晤士河岸',
] as const;

/**
 * Values of the attribute `remarks`: quotes, line ends, commas, formulas, blanks, control characters, emoji beyond the
 * basic plane, right-to-left marks, an empty text and one longer than a spreadsheet's cell.
 */
export const REMARKS = [
  'plain',
  'He said "ours", and left',
  'first line\nsecond line',
  'carriage\r\nreturn, and a lone \r one',
  '=SUM(A1:A9)',
  '+44 20 7946 0000',
  '-12',
  '@here',
  '\ttab first',
  ' blanks around ',
  '',
  'semi;colon | pipe, comma',
  'back\\slash \\n is no line end',
  'bell \u0007 and escape \u001b',
  'family 👨‍👩‍👧 and 𠮷',
  '\u200fمن اليمين\u200e to the left',
  'null',
  '<b>not markup</b> & co.',
  'x'.repeat(40_000),
] as const;

/** JSON number tokens that a JavaScript number cannot carry, and some that it can. */
export const NUMBERS = [
  '9007199254740993',
  '123456789012345678901234567890',
  '-9223372036854775809',
  '0.1000000000000000055511151231257827',
  '1e400',
  '12.50',
  '-0',
  '42',
] as const;
