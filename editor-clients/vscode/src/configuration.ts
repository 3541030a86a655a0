/** How the server comes by its settings: it asks, each time they change. */
import {
  DidChangeConfigurationNotification,
  type LanguageClient,
  type WorkspaceMiddleware,
} from "vscode-languageclient/node";
import { serversOwn } from "./settings";

export function settingsMiddleware(client: () => LanguageClient | undefined): WorkspaceMiddleware {
  return {
    configuration: async (params, token, next) => {
      const answer = await next(params, token);
      return Array.isArray(answer) ? answer.map(serversOwn) : answer;
    },
    didChangeConfiguration: async () => {
      await client()?.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
    },
  };
}
