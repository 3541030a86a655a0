//! Starts `foretype serve`, by the path that the settings give or else from the PATH, and hands on its settings.

use zed_extension_api::{self as zed, serde_json, settings::LspSettings, LanguageServerId, Result};

struct Foretype;

impl zed::Extension for Foretype {
    fn new() -> Self {
        Foretype
    }

    fn language_server_command(&mut self, id: &LanguageServerId, worktree: &zed::Worktree) -> Result<zed::Command> {
        let binary = LspSettings::for_worktree(id.as_ref(), worktree)?.binary;
        let (path, arguments) = binary.map_or((None, None), |chosen| (chosen.path, chosen.arguments));
        let command = path.or_else(|| worktree.which("foretype")).ok_or(
            "there is no foretype on the PATH: install it, or name it in the setting lsp.foretype.binary.path",
        )?;
        Ok(zed::Command {
            command,
            args: arguments.unwrap_or_else(|| vec!["serve".to_string()]),
            env: worktree.shell_env(),
        })
    }

    fn language_server_initialization_options(
        &mut self,
        id: &LanguageServerId,
        worktree: &zed::Worktree,
    ) -> Result<Option<serde_json::Value>> {
        Ok(LspSettings::for_worktree(id.as_ref(), worktree)?.initialization_options)
    }
}

zed::register_extension!(Foretype);
