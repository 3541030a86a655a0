/** Requests the server's status once the user pauses: after answers, and after what the server counts later. */

/** Milliseconds after the last event. The server counts an accepted part two seconds after its edit. */
const DELAYS: readonly number[] = [300, 2700];

export class StatusRefresher {
  private timers: NodeJS.Timeout[] = [];

  constructor(private readonly refresh: () => unknown) {}

  /** Handle an event that changes the status. */
  schedule(): void {
    this.dispose();
    this.timers = DELAYS.map((delay) => setTimeout(() => void this.refresh(), delay));
  }

  dispose(): void {
    this.timers.forEach(clearTimeout);
  }
}
