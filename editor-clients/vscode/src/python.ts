/** The interpreter of the Python extension. */
import * as vscode from "vscode";

interface PythonExtension {
  readonly environments?: { getActiveEnvironmentPath(): { readonly path: string } };
}

/**
 * Return the path of the active interpreter, or undefined without the Python extension. Also undefined in an untrusted
 * workspace, which may contain its own interpreter.
 */
export async function activeInterpreter(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  if (!vscode.workspace.isTrusted || extension === undefined) {
    return undefined;
  }
  try {
    const api = extension.isActive ? extension.exports : await extension.activate();
    return api.environments?.getActiveEnvironmentPath().path;
  } catch {
    return undefined;
  }
}
