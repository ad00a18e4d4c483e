/** Goes through a table in bounded batches, round by round, and begins again at its end. */
export class Rotation {
  #after: string | undefined;

  constructor(readonly batch: number) {}

  /** The next batch, which `read` gets in the order of ids; a row that nothing can be done about blocks no other. */
  async next<Row extends { id: string }>(
    read: (after: string | undefined, limit: number) => Promise<Row[]>,
  ): Promise<Row[]> {
    const rows = await read(this.#after, this.batch);
    this.#after = rows.length === this.batch ? rows.at(-1)?.id : undefined;
    return rows;
  }
}
