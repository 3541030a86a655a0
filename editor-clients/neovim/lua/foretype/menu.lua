--- The menu of next words: Neovim's own, opened with |i_CTRL-X_CTRL-O|, or by itself.

local config = require("foretype.config")

local M = {}

--- The server names no characters that open its menu, for each of them could.
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
  -- It also tells the server what was taken, which the 'omnifunc' alone does not.
  vim.lsp.completion.enable(true, client.id, bufnr, { autotrigger = automatic })
end

return M
