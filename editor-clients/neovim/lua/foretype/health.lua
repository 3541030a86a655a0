--- |:checkhealth| foretype

local health = vim.health

local M = {}

--- Milliseconds to wait for a response.
local TIMEOUT = 10000

local function check_neovim()
  health.start("Neovim")
  local version = tostring(vim.version())
  if vim.lsp.inline_completion then
    health.ok(version .. " has ghost text built in")
  else
    health.ok(version .. ", in which this plugin draws the ghost text")
  end
end

---@return boolean
local function check_program(command)
  health.start("Server")
  local program = command[1]
  if vim.fn.executable(program) == 0 then
    health.error(('there is no program "%s"'):format(program), {
      "Install Foretype as its README describes",
      'Or set its path: require("foretype").setup({ cmd = { "/path/to/foretype", "serve" } })',
    })
    return false
  end
  local ran, result = pcall(function()
    return vim.system({ program, "--version" }, { text = true }):wait(TIMEOUT)
  end)
  local version = ran and vim.trim(result.stdout or "") or ""
  if not ran or result.code ~= 0 then
    health.warn(("%s does not print its version"):format(vim.fn.exepath(program)), { "Run: " .. program .. " doctor" })
  else
    health.ok(("%s is %s"):format(vim.fn.exepath(program), version))
  end
  return true
end

local function check_client(client)
  local buffers = vim.tbl_count(client.attached_buffers)
  local root = client.root_dir or "none"
  health.ok(("client %d, buffers attached: %d, workspace: %s"):format(client.id, buffers, root))
  local params = { command = "foretype.status", arguments = {} }
  local response, problem = client:request_sync("workspace/executeCommand", params, TIMEOUT)
  if not response or response.err then
    local reason = response and response.err.message or problem
    health.error("the server does not respond: " .. tostring(reason), { ":Foretype restart", ":Foretype log shows why" })
    return
  end
  for _, line in ipairs(require("foretype.commands").describe(response.result)) do
    if vim.startswith(line, "problem: ") then
      health.warn(line, { "Correct the setting or the predictor that it names; `foretype doctor` has details" })
    else
      health.info(line)
    end
  end
end

local function check_clients()
  local server = require("foretype.server")
  if server.error then
    health.error(server.error, { ":Foretype restart" })
  elseif not vim.lsp.is_enabled("foretype") then
    health.warn("Foretype is disabled", { ":Foretype enable" })
  elseif #server.clients() == 0 then
    health.info("no buffer is attached yet: open a file")
  end
  vim.iter(server.clients()):each(check_client)
end

local function check_keys()
  health.start("Keys in insert mode")
  for name, key in vim.spairs(require("foretype.config").current.keys or {}) do
    health.info(("%s: %s"):format(name, key or "no key"))
  end
end

function M.check()
  check_neovim()
  if check_program(require("foretype.server").command()) then
    check_clients()
  end
  check_keys()
end

return M
