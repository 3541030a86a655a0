/** The server's settings: the server requests them after each change. */
import {
  DidChangeConfigurationNotification,
  type LanguageClient,
  type WorkspaceMiddleware,
} from "vscode-languageclient/node";
import { withoutClientSettings } from "./settings";

export function settingsMiddleware(client: () => LanguageClient | undefined): WorkspaceMiddleware {
  return {
    configuration: async (params, token, next) => {
      const sections = await next(params, token);
      return Array.isArray(sections) ? sections.map(withoutClientSettings) : sections;
    },
    didChangeConfiguration: async () => {
      await client()?.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
    },
  };
}
