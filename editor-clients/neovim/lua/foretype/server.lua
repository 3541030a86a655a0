--- The server: how it is started, for which buffers, and what is said once it is gone.

local config = require("foretype.config")
local notify = require("foretype.notify")

local M = {}

local ROOT_MARKERS = { ".git", ".hg", ".jj", ".svn" }

--- Seconds that a server may take to end before it is killed.
local PATIENCE = 1

--- Why no server is started any more, until |:Foretype-restart|; nil while all is well.
---@type string?
M.trouble = nil

--- Said once: what follows for the next buffer is the same.
local function give_up(trouble)
  if not M.trouble then
    M.trouble = trouble
    notify.warn(trouble)
  end
end

--- The command that starts the server, wherever it was chosen; nil if that is a function of the user's.
---@return string[]?
function M.command()
  local cmd = vim.lsp.config.foretype.cmd
  if type(cmd) == "table" then
    return cmd
  end
  return config.current.cmd
end

---@return vim.lsp.Client[]
function M.clients()
  return vim.lsp.get_clients({ name = "foretype" })
end

--- The client of the current buffer, or else any.
---@return vim.lsp.Client?
function M.client()
  return vim.lsp.get_clients({ name = "foretype", bufnr = 0 })[1] or M.clients()[1]
end

---@param dispatchers vim.lsp.rpc.Dispatchers
---@param client_config vim.lsp.ClientConfig
---@return vim.lsp.rpc.PublicClient
function M.spawn(dispatchers, client_config)
  local on_exit = dispatchers.on_exit
  dispatchers.on_exit = function(code, signal)
    if code == 0 and (signal == 0 or signal == 15) then
      on_exit(code, signal)
      return
    end
    local how = signal ~= 0 and "signal " .. signal or "status " .. code
    vim.schedule(function()
      give_up(("the server ended with %s; :Foretype restart starts it again, :Foretype log shows why"):format(how))
    end)
    on_exit(0, 0) -- Neovim would say the same again, without what to do.
  end
  return vim.lsp.rpc.start(config.current.cmd, dispatchers, {
    cwd = client_config.cmd_cwd,
    env = client_config.cmd_env,
    detached = client_config.detached,
  })
end

--- Whether the buffer is text that somebody writes: a file, or one to be.
local function is_text(bufnr)
  local options = vim.bo[bufnr]
  return options.buftype == "" and options.modifiable
end

local function can_start()
  if M.trouble then
    return false
  end
  local program = M.command()[1]
  if vim.fn.executable(program) == 1 then
    return true
  end
  give_up(('there is no program "%s"; install it, or name its path: :help foretype-install'):format(program))
  return false
end

---@return string? root Nil for a file that is in no repository, and for the home folder: too much to learn from.
local function root_of(bufnr)
  local root = vim.fs.root(bufnr, ROOT_MARKERS)
  return root ~= vim.uv.os_homedir() and root or nil
end

--- All unnamed buffers have the same URI, so that one of them alone can be open: the one that is being edited.
local function is_unnamed(bufnr)
  return vim.api.nvim_buf_get_name(bufnr) == ""
end

---@param bufnr integer
---@param on_dir fun(root: string?) Called where the buffer is to be served.
function M.root_dir(bufnr, on_dir)
  local elsewhere = is_unnamed(bufnr) and bufnr ~= vim.api.nvim_get_current_buf()
  if is_text(bufnr) and not elsewhere and can_start() then
    on_dir(root_of(bufnr))
  end
end

--- One server for each repository. What is in none goes to any that runs.
---@param client vim.lsp.Client
---@param client_config vim.lsp.ClientConfig
function M.reuse(client, client_config)
  if client.name ~= client_config.name or client:is_stopped() then
    return false
  end
  return not client_config.root_dir or client.root_dir == client_config.root_dir
end

local function close_other_unnamed(bufnr)
  for _, client in ipairs(M.clients()) do
    for other in pairs(client.attached_buffers) do
      if other ~= bufnr and vim.api.nvim_buf_is_valid(other) and is_unnamed(other) then
        vim.lsp.buf_detach_client(other, client.id)
      end
    end
  end
end

--- Serves a buffer for which no FileType event comes.
---@param bufnr integer
function M.attach_untyped(bufnr)
  if vim.bo[bufnr].filetype ~= "" and not is_unnamed(bufnr) then
    return
  end
  if not vim.lsp.is_enabled("foretype") or vim.lsp.get_clients({ name = "foretype", bufnr = bufnr })[1] then
    return
  end
  M.root_dir(bufnr, function(root)
    if is_unnamed(bufnr) then
      close_other_unnamed(bufnr)
    end
    local client_config = vim.deepcopy(vim.lsp.config.foretype)
    client_config.root_dir = root
    vim.lsp.start(client_config, { bufnr = bufnr, reuse_client = client_config.reuse_client })
  end)
end

local function all_gone()
  return #M.clients() == 0
end

--- Stops all servers; returns once they are gone.
function M.stop()
  vim.lsp.enable("foretype", false)
  if not vim.wait(PATIENCE * 1000, all_gone, 10) then
    for _, client in ipairs(M.clients()) do
      client:stop(true)
    end
    vim.wait(PATIENCE * 1000, all_gone, 10)
  end
end

--- Starts servers for the buffers that are open, even if that failed before.
function M.start()
  M.trouble = nil
  vim.lsp.enable("foretype")
end

--- Runs a command of the server's, for the current buffer.
---@param command string
---@param arguments table
---@param on_result fun(result: any)
function M.execute(command, arguments, on_result)
  local client = M.client()
  if not client then
    notify.warn(M.trouble or "no server runs for this buffer; :checkhealth foretype says why")
    return
  end
  client:request("workspace/executeCommand", { command = command, arguments = arguments }, function(err, result)
    if err then
      notify.warn(err.message)
    else
      on_result(result)
    end
  end)
end

return M
