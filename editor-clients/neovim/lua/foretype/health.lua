--- |:checkhealth| foretype

local health = vim.health

local M = {}

--- Milliseconds until a server that does not answer is called unwell.
local PATIENCE = 3000

local function check_neovim()
  health.start("Neovim")
  local version = tostring(vim.version())
  if vim.lsp.inline_completion then
    health.ok(version .. " has ghost text built in")
  else
    health.ok(version .. ", where Foretype shows ghost text by itself")
  end
end

---@return boolean
local function check_program(command)
  health.start("Server")
  local program = command[1]
  if vim.fn.executable(program) == 0 then
    health.error(('there is no program "%s"'):format(program), {
      "Install Foretype, as its README says",
      'Or name its path: require("foretype").setup({ cmd = { "/path/to/foretype", "serve" } })',
    })
    return false
  end
  local ran, result = pcall(function()
    return vim.system({ program, "--version" }, { text = true }):wait(PATIENCE)
  end)
  local said = ran and vim.trim(result.stdout or "") or ""
  if not ran or result.code ~= 0 then
    health.warn(("%s does not say its version"):format(vim.fn.exepath(program)), { "Run: " .. program .. " doctor" })
  else
    health.ok(("%s is %s"):format(vim.fn.exepath(program), said))
  end
  return true
end

local function check_client(client)
  local buffers = vim.tbl_count(client.attached_buffers)
  local root = client.root_dir or "no folder"
  health.ok(("client %d serves %d buffers, for %s"):format(client.id, buffers, root))
  local asked = { command = "foretype.status", arguments = {} }
  local answer, problem = client:request_sync("workspace/executeCommand", asked, PATIENCE)
  if not answer or answer.err then
    local why = answer and answer.err.message or problem
    health.error("the server does not answer: " .. tostring(why), { ":Foretype restart", ":Foretype log shows why" })
    return
  end
  for _, line in ipairs(require("foretype.commands").describe(answer.result)) do
    if vim.startswith(line, "problem: ") then
      health.warn(line, { "Mend the setting or the predictor that it names; `foretype doctor` says more" })
    else
      health.info(line)
    end
  end
end

local function check_clients()
  local server = require("foretype.server")
  if server.trouble then
    health.error(server.trouble, { ":Foretype restart" })
  elseif not vim.lsp.is_enabled("foretype") then
    health.warn("it is disabled", { ":Foretype enable" })
  elseif #server.clients() == 0 then
    health.info("no buffer is served yet: open a file")
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
