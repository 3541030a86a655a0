--- Foretype for Neovim: attaches its parts to buffers, and provides the public functions.

local config = require("foretype.config")

local M = {}

local group = vim.api.nvim_create_augroup("foretype", {})

---@param client vim.lsp.Client
---@param bufnr integer
local function attach(client, bufnr)
  local options = config.current
  if options.inline.enable then
    require("foretype.inline").attach(client, bufnr)
    require("foretype.keys").attach(bufnr)
  end
  if options.menu.enable then
    require("foretype.menu").attach(client, bufnr)
  end
  require("foretype.smart_space").attach(bufnr)
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

--- Start attaching buffers. The plugin calls this once Neovim has started.
function M.start()
  on_lsp_event("LspAttach", attach)
  on_lsp_event("LspDetach", function(client, bufnr)
    require("foretype.inline").detach(client, bufnr)
    require("foretype.smart_space").detach(bufnr)
    require("foretype.keys").detach(bufnr)
  end)
  vim.api.nvim_create_autocmd("InsertEnter", {
    group = group,
    desc = "Foretype: attach buffers without a file type or a name",
    callback = function(args)
      require("foretype.server").attach_untyped(args.buf)
    end,
  })
  vim.lsp.enable("foretype")
end

--- Set options; see |foretype-setup|. No call is needed for the defaults.
---@param options table?
function M.setup(options)
  if vim.fn.has("nvim-0.11") == 0 then
    return -- plugin/foretype.lua has shown a message
  end
  local ok, problem = pcall(config.set, options)
  if not ok then
    require("foretype.notify").warn(problem)
    return
  end
  vim.lsp.config("foretype", {
    init_options = config.current.settings,
    settings = { foretype = config.current.settings },
  })
end

--- Accept the ghost text, or its next "word" or "line"; for custom mappings.
---@param part? "all"|"word"|"line"
---@return boolean accepted False if no ghost text is shown.
function M.accept(part)
  return require("foretype.inline").accept(part or "all")
end

--- Show the next alternative to the ghost text, which is requested from the server.
---@param step? integer -1 for the previous one.
---@return boolean shown False if no ghost text is shown.
function M.alternative(step)
  return require("foretype.inline").alternative(step or 1)
end

--- Hide the ghost text.
---@return boolean dismissed False if none is shown.
function M.dismiss()
  return require("foretype.inline").dismiss()
end

return M
