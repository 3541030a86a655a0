--- The subcommands of |:Foretype|.

local notify = require("foretype.notify")
local server = require("foretype.server")

local M = {}

local function percent(probability)
  local value = 100 * probability
  return value < 0.1 and "<0.1 %" or (value < 9.95 and "%.1f %%" or "%.0f %%"):format(value)
end

--- Show lines beside the cursor until it moves. Messages of several lines would take the next key.
local function show(lines, name)
  vim.lsp.util.open_floating_preview(lines, "", { focus_id = "foretype." .. name })
end

--- Format the result of foretype.status as lines.
---@param status table
---@return string[]
function M.describe(status)
  local accepted = status.accepted or {}
  local count = (accepted.ghost or 0) + (accepted.word or 0) + (accepted.character or 0)
  local model = type(status.model) == "string" and status.model or "none"
  local lines = {
    ("Foretype %s%s"):format(status.version, status.loading and ", still loading" or ""),
    ("model: %s"):format(model),
    ("predictors: %s"):format(table.concat(status.predictors or {}, ", ")),
    ("documents open: %d"):format(status.documents or 0),
    ("suggestions accepted in this session: %d (%d characters)"):format(count, accepted.characters or 0),
  }
  for _, problem in ipairs(status.problems or {}) do
    lines[#lines + 1] = "problem: " .. problem
  end
  return lines
end

local function status()
  server.execute("foretype.status", {}, function(result)
    show(M.describe(result), "status")
  end)
end

local function quoted(text)
  return '"' .. text:gsub("\n", "↵") .. '"'
end

--- Format the result of foretype.explain as lines.
---@return string[]
local function format_explanation(result)
  local lines = { ("%s  %s"):format(quoted(result.text), percent(result.probability)) }
  local names = vim.tbl_keys(result.shares)
  table.sort(names, function(one, other)
    return result.shares[one] > result.shares[other]
  end)
  for _, name in ipairs(names) do
    lines[#lines + 1] = ("  %s: %s of it"):format(name, percent(result.shares[name]))
  end
  for _, source in ipairs(result.sources) do
    lines[#lines + 1] = ("  %s: %s"):format(source.where, vim.trim((source.excerpt:gsub("%s+", " "))))
  end
  local others = vim.tbl_filter(function(candidate)
    return candidate.text ~= result.text
  end, result.candidates)
  if others[1] then
    lines[#lines + 1] = "Other suggestions:"
  end
  for _, other in ipairs(others) do
    lines[#lines + 1] = ("  %s  %s"):format(quoted(other.text), percent(other.probability))
  end
  return lines
end

--- Return the position of the next text: in normal mode after the character under the cursor, where |a| appends.
---@return lsp.Position
local function insert_position(encoding)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  if vim.api.nvim_get_mode().mode:sub(1, 1) == "n" and col < #line then
    col = col + vim.str_utf_end(line, col + 1) + 1
  end
  return { line = row - 1, character = vim.str_utfindex(line, encoding, col) }
end

local function explain()
  local client = server.client()
  local position = insert_position(client and client.offset_encoding or "utf-8")
  local argument = { uri = vim.uri_from_bufnr(0), position = position }
  server.execute("foretype.explain", { argument }, function(result)
    if not result or result == vim.NIL then
      notify.info("no suggestion here")
      return
    end
    show(format_explanation(result), "explain")
  end)
end

--- Return the argument of foretype.forget: a file or folder if one has that name, else a word.
local function forget_argument(name)
  local path = vim.fn.fnamemodify(vim.fn.expand(name), ":p")
  if vim.uv.fs_stat(path) then
    return { path = path }
  end
  return { word = name }
end

local function forget(name, without_asking)
  name = name ~= "" and name or vim.fn.expand("<cword>")
  if name == "" then
    notify.warn("name a word, a file or a folder to forget")
    return
  end
  local argument = forget_argument(name)
  local label = argument.path or ('the word "%s"'):format(argument.word)
  local question = ("Forget %s for good?"):format(label)
  if not without_asking and vim.fn.confirm(question, "&Forget\n&Keep", 2) ~= 1 then
    return
  end
  server.execute("foretype.forget", { argument }, function(result)
    local text = "%s is forgotten: %d files, %d bytes, %d occurrences"
    notify.info(text:format(label, #result.files, result.bytes, result.occurrences))
  end)
end

--- Train on files or folders, by default on the workspace; the server reports progress.
local function train(pattern)
  local paths = vim.tbl_map(function(path)
    return vim.fn.fnamemodify(path, ":p")
  end, vim.fn.expand(pattern, false, true))
  local argument = pattern ~= "" and { paths = paths } or vim.empty_dict()
  server.execute("foretype.train", { argument }, function(result)
    notify.info("training on " .. table.concat(result.paths, ", "))
  end)
end

local function statistics()
  vim.system({ server.command()[1], "stats" }, { text = true, env = { COLUMNS = "79" } }, function(result)
    vim.schedule(function()
      show(vim.split(vim.trim(result.stdout .. result.stderr), "\n"), "statistics")
    end)
  end)
end

local COMMANDS = {
  status = status,
  statistics = statistics,
  train = train,
  explain = explain,
  forget = forget,
  enable = server.start,
  disable = server.stop,
  restart = function()
    server.stop()
    server.start()
  end,
  log = function()
    vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.log.get_filename()))
  end,
}

local function names()
  return vim.tbl_keys(COMMANDS)
end

---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local name, rest = command.args:match("^(%S+)%s*(.-)%s*$")
  if COMMANDS[name] then
    COMMANDS[name](rest, command.bang)
  else
    local all = names()
    table.sort(all)
    notify.warn(("there is no :Foretype %s; the subcommands are %s"):format(name, table.concat(all, ", ")))
  end
end

---@param lead string
---@param line string
function M.complete(lead, line)
  if line:match("Foretype!?%s+forget%s") or line:match("Foretype!?%s+train%s") then
    return vim.fn.getcompletion(lead, "file")
  end
  local found = line:match("Foretype!?%s+%S+%s") and {} or names()
  table.sort(found)
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, found)
end

return M
