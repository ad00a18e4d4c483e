/**
 * What a connection asks of PostgreSQL, as its `options`, for when we vanish without a word: a machine that lost its power or
 * its network says nothing, and the server would keep the locks of its transaction for hours. It asks after 30 seconds of
 * silence, and gives up after three answers that did not come: a minute in all. A process that stands still, but whose
 * machine answers, may leave a transaction open for ten minutes. A Unix socket needs none of this and ignores the first three.
 */
export const KEEPALIVES = [
  'tcp_keepalives_idle=30',
  'tcp_keepalives_interval=10',
  'tcp_keepalives_count=3',
  'idle_in_transaction_session_timeout=600000',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');
