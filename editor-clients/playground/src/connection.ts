/** JSON-RPC over a WebSocket: requests, notifications, and what the server says by itself. */

interface Message {
  id?: number | string;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** What happens to a connection. Each is called at most once, but for `notified`. */
export interface Events {
  opened: () => void;
  /** There will be no more answers; `reason` is what the server has said of it, if anything. */
  closed: (reason: string) => void;
  notified: (method: string, params: unknown) => void;
}

export class Connection {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor(address: URL, events: Events) {
    this.socket = new WebSocket(address);
    this.socket.addEventListener("open", events.opened);
    this.socket.addEventListener("message", (event: MessageEvent<string>) => {
      this.receive(JSON.parse(event.data) as Message, events);
    });
    this.socket.addEventListener("close", (event) => {
      for (const { reject } of this.waiting.values()) {
        reject(new Error("the server has gone"));
      }
      this.waiting.clear();
      events.closed(event.reason);
    });
  }

  /** The result; it never comes where the connection was closed before. */
  request(method: string, params: unknown): Promise<unknown> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ id, method, params });
    });
  }

  notify(method: string, params: unknown): void {
    this.send({ method, params });
  }

  private send(message: Message): void {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
    }
  }

  private receive(message: Message, events: Events): void {
    if (message.method !== undefined && message.id === undefined) {
      events.notified(message.method, message.params);
    } else if (message.method !== undefined && message.id !== undefined) {
      // Nothing that the server asks of a client is done here.
      this.send({ id: message.id, result: null });
    } else if (typeof message.id === "number") {
      const one = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (message.error) {
        one?.reject(new Error(message.error.message));
      } else {
        one?.resolve(message.result);
      }
    }
  }
}
