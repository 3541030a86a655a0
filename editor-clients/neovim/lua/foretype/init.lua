--- Foretype in Neovim: which parts there are, and when each is started.

local config = require("foretype.config")

local M = {}

local group = vim.api.nvim_create_augroup("foretype", {})

---@param client vim.lsp.Client
---@param bufnr integer
local function attach(client, bufnr)
  local chosen = config.current
  if chosen.inline.enable then
    require("foretype.inline").attach(client, bufnr)
    require("foretype.keys").attach(bufnr)
  end
  if chosen.menu.enable then
    require("foretype.menu").attach(client, bufnr)
  end
end

local function on_lsp_event(event, act)
  vim.api.nvim_create_autocmd(event, {
    group = group,
    desc = "Foretype",
    callback = function(args)
      local client = vim.lsp.get_client_by_id(args.data.client_id)
      if client and client.name == "foretype" then
        act(client, args.buf)
      end
    end,
  })
end

--- Begins to serve buffers. The plugin does so by itself once Neovim has started.
function M.start()
  on_lsp_event("LspAttach", attach)
  on_lsp_event("LspDetach", function(client, bufnr)
    require("foretype.inline").detach(client, bufnr)
    require("foretype.keys").detach(bufnr)
  end)
  vim.api.nvim_create_autocmd("InsertEnter", {
    group = group,
    desc = "Foretype: buffers without a file type, and without a name",
    callback = function(args)
      require("foretype.server").attach_untyped(args.buf)
    end,
  })
  vim.lsp.enable("foretype")
end

--- Chooses options; see |foretype-setup|. Not needed where the defaults will do.
---@param options table?
function M.setup(options)
  if vim.fn.has("nvim-0.11") == 0 then
    return -- the plugin has said so
  end
  local well, problem = pcall(config.set, options)
  if not well then
    require("foretype.notify").warn(problem)
    return
  end
  vim.lsp.config("foretype", { settings = { foretype = config.current.settings } })
end

--- Takes the ghost text, or its next "word" or "line"; for keys of your own.
---@param part? "all"|"word"|"line"
---@return boolean taken False where no ghost text is shown.
function M.accept(part)
  return require("foretype.inline").accept(part or "all")
end

--- Hides the ghost text.
---@return boolean dismissed False where none is shown.
function M.dismiss()
  return require("foretype.inline").dismiss()
end

return M
