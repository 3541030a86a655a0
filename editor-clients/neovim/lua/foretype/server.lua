--- The servers: which buffers they are attached to, how they start, and start again after they have ended.

local config = require("foretype.config")
local line_ends = require("foretype.line_ends")
local notify = require("foretype.notify")

local M = {}

local ROOT_MARKERS = { ".git", ".hg", ".jj", ".svn" }

--- Milliseconds that a server may take to shut down before it is killed.
local SHUTDOWN_TIMEOUT = 1000

--- A server that has ended by itself is started again after so many milliseconds, twice as many each time; but only
--- MAX_RESTARTS times in RESTART_PERIOD milliseconds.
local RESTART_DELAY = 1000
local MAX_RESTARTS = 3
local RESTART_PERIOD = 180000

--- By the folder of the workspace, "" without one: the times at which its server ended by itself.
---@type table<string, integer[]>
local ends = {}

--- By the folder of the workspace: the timer of the next start of its server.
---@type table<string, uv.uv_timer_t>
local restarts = {}

--- The reason why no server is started until |:Foretype-restart|; nil if there is none.
---@type string?
M.error = nil

--- Show an error once: it is the same for the next buffer.
local function fail(message)
  if not M.error then
    M.error = message
    notify.warn(message)
  end
end

--- Return the command that starts the server, from vim.lsp.config or from setup().
---@return string[]
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

--- Return the client of the current buffer, or else any.
---@return vim.lsp.Client?
function M.client()
  return vim.lsp.get_clients({ name = "foretype", bufnr = 0 })[1] or M.clients()[1]
end

--- Show a message of the server.
---@param params lsp.ShowMessageParams
function M.show_message(params)
  local text = params.message:gsub("^Foretype: ", "")
  if params.type <= vim.lsp.protocol.MessageType.Warning then
    notify.warn(text)
  else
    notify.info(text)
  end
end

--- Start a server again that has ended by itself, unless that happens again and again. Show the first end and the last.
---@param root string
---@param how string
local function start_again(root, how)
  local now = vim.uv.now()
  local recent = vim.tbl_filter(function(time)
    return now - time < RESTART_PERIOD
  end, ends[root] or {})
  recent[#recent + 1] = now
  ends[root] = recent
  vim.lsp.log.warn("Foretype: the server ended with " .. how)
  if #recent > MAX_RESTARTS then
    fail("the server keeps ending; :Foretype log shows why")
    return
  elseif #recent == 1 then
    notify.warn("the server ended; it starts again")
  end
  restarts[root] = vim.defer_fn(function()
    restarts[root] = nil
    vim.lsp.enable("foretype")
    M.attach_untyped(vim.api.nvim_get_current_buf())
  end, RESTART_DELAY * 2 ^ (#recent - 1))
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
    on_exit(0, 0) -- else Neovim reports it, too
    vim.schedule(function()
      start_again(client_config.root_dir or "", how)
    end)
  end
  local rpc = vim.lsp.rpc.start(config.current.cmd, dispatchers, {
    cwd = client_config.cmd_cwd,
    env = client_config.cmd_env,
    detached = client_config.detached,
  })
  local send = rpc.notify
  function rpc.notify(method, params)
    return send(method, line_ends.correct(method, params))
  end
  return rpc
end

--- Return whether the buffer is a text file, or text that may become one.
local function is_text(bufnr)
  local options = vim.bo[bufnr]
  return options.buftype == "" and options.modifiable
end

local function can_start()
  if M.error then
    return false
  end
  local program = M.command()[1]
  if vim.fn.executable(program) == 1 then
    return true
  end
  fail(('there is no program "%s"; install it, or set its path: :help foretype-install'):format(program))
  return false
end

---@return string? root Nil outside a repository. Also nil for the home folder, which is too much to learn from.
local function find_root(bufnr)
  local root = vim.fs.root(bufnr, ROOT_MARKERS)
  return root ~= vim.uv.os_homedir() and root or nil
end

--- All unnamed buffers have the same URI, so only one of them can be attached: the current one.
local function is_unnamed(bufnr)
  return vim.api.nvim_buf_get_name(bufnr) == ""
end

---@param bufnr integer
---@param on_dir fun(root: string?) Called if the buffer is to be attached.
function M.root_dir(bufnr, on_dir)
  local is_hidden_unnamed = is_unnamed(bufnr) and bufnr ~= vim.api.nvim_get_current_buf()
  local root = find_root(bufnr)
  if is_text(bufnr) and not is_hidden_unnamed and not restarts[root or ""] and can_start() then
    on_dir(root)
  end
end

--- Use one server for each repository; files outside a repository use any running server.
---@param client vim.lsp.Client
---@param client_config vim.lsp.ClientConfig
function M.reuse(client, client_config)
  if client.name ~= client_config.name or client:is_stopped() then
    return false
  end
  return not client_config.root_dir or client.root_dir == client_config.root_dir
end

local function detach_other_unnamed(bufnr)
  for _, client in ipairs(M.clients()) do
    for other in pairs(client.attached_buffers) do
      if other ~= bufnr and vim.api.nvim_buf_is_valid(other) and is_unnamed(other) then
        vim.lsp.buf_detach_client(other, client.id)
      end
    end
  end
end

--- Attach a buffer that gets no FileType event.
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
      detach_other_unnamed(bufnr)
    end
    local client_config = vim.deepcopy(vim.lsp.config.foretype)
    client_config.root_dir = root
    vim.lsp.start(client_config, { bufnr = bufnr, reuse_client = client_config.reuse_client })
  end)
end

local function all_stopped()
  return #M.clients() == 0
end

--- Stop all servers; return once they have ended.
function M.stop()
  for _, timer in pairs(restarts) do
    timer:stop()
  end
  restarts, ends = {}, {}
  vim.lsp.enable("foretype", false)
  if not vim.wait(SHUTDOWN_TIMEOUT, all_stopped, 10) then
    for _, client in ipairs(M.clients()) do
      client:stop(true)
    end
    vim.wait(SHUTDOWN_TIMEOUT, all_stopped, 10)
  end
end

--- Start servers for the open buffers, even if that failed before.
function M.start()
  M.error = nil
  vim.lsp.enable("foretype")
end

--- Run a command of the server for the current buffer.
---@param command string
---@param arguments table
---@param on_result fun(result: any)
function M.execute(command, arguments, on_result)
  local client = M.client()
  if not client then
    local reason = next(restarts) and "the server ended; it starts again" or "no server here; :checkhealth foretype"
    notify.warn(M.error or reason)
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
