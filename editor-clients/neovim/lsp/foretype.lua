-- The configuration for `vim.lsp.enable("foretype")`. `vim.lsp.config("foretype", { ... })` overrides its fields.
return {
  init_options = { smartSpace = true },
  handlers = {
    ["window/showMessage"] = function(_, params)
      require("foretype.server").show_message(params)
    end,
  },
  cmd = function(dispatchers, config)
    return require("foretype.server").spawn(dispatchers, config)
  end,
  root_dir = function(bufnr, on_dir)
    require("foretype.server").root_dir(bufnr, on_dir)
  end,
  reuse_client = function(client, config)
    return require("foretype.server").reuse(client, config)
  end,
}
