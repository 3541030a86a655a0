--- The menu of next words: Neovim's built-in completion, opened with |i_CTRL-X_CTRL-O| or automatically.

local config = require("foretype.config")

local M = {}

--- Return all printable ASCII characters: the server declares no trigger characters.
local function triggers()
  local characters = {}
  for byte = 33, 126 do
    characters[#characters + 1] = string.char(byte)
  end
  return characters
end

function M.attach(client, bufnr)
  local automatic = config.current.menu.autotrigger
  if automatic then
    client.server_capabilities.completionProvider.triggerCharacters = triggers()
  end
  -- It also reports accepted items to the server, which 'omnifunc' alone does not.
  vim.lsp.completion.enable(true, client.id, bufnr, { autotrigger = automatic })
end

return M
