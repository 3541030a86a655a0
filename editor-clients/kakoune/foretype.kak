# Put this after the line `eval %sh{kak-lsp}`. A list here replaces kakoune-lsp's list for the file type.

hook global BufSetOption filetype=(?:asciidoc|git-commit|latex|mail|org|plain|restructuredtext|typst) %{
    set-option buffer lsp_servers %{
        [foretype]
        command = "foretype"
        args = ["serve"]
        root_globs = [".git", ".hg"]
        settings_section = "foretype"
        [foretype.settings.foretype]
        maxItems = 5
    }
}

hook global BufSetOption filetype=markdown %{
    set-option buffer lsp_servers %{
        [foretype]
        command = "foretype"
        args = ["serve"]
        root_globs = [".git", ".hg"]
        settings_section = "foretype"
        [foretype.settings.foretype]
        maxItems = 5
        [marksman]
        args = ["server"]
        root_globs = [".marksman.toml"]
    }
}

# Kakoune sets no file type for *.txt.
hook global BufCreate .*[.]txt %{
    set-option buffer filetype plain
}

hook global WinSetOption filetype=(?:asciidoc|git-commit|latex|mail|markdown|org|plain|restructuredtext|typst) %{
    lsp-enable-window
}
