/** Limits automatic restarts, so that a server that keeps ending is not started for ever. */
export class RestartLimiter {
  private ends: number[] = [];

  /** Allow at most `limit` restarts within `period` milliseconds. */
  constructor(
    private readonly limit: number,
    private readonly period: number,
  ) {}

  /** Record that the server has ended at `now`, in milliseconds; return whether it may be restarted. */
  mayRestart(now: number): boolean {
    this.ends = this.ends.filter((end) => now - end < this.period);
    this.ends.push(now);
    return this.ends.length <= this.limit;
  }

  reset(): void {
    this.ends = [];
  }
}
