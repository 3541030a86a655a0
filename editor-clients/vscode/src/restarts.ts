/** Whether a server that has ended by itself is started again: not one that keeps ending. */
export class Restarts {
  private ends: number[] = [];

  /** At most `most` restarts in `within` milliseconds. */
  constructor(
    private readonly most: number,
    private readonly within: number,
  ) {}

  /** It has ended now, in milliseconds since whenever. */
  mayRestart(now: number): boolean {
    this.ends = this.ends.filter((end) => now - end < this.within);
    this.ends.push(now);
    return this.ends.length <= this.most;
  }

  forget(): void {
    this.ends = [];
  }
}
