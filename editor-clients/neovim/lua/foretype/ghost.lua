--- Ghost text drawn by this plugin: for Neovim 0.11, and for ghost text at each key (0.12 waits 200 ms).

local config = require("foretype.config")
local inline = require("foretype.inline")

local M = {}

local METHOD = "textDocument/inlineCompletion"
local namespace = vim.api.nvim_create_namespace("foretype")

---@class foretype.Shown: foretype.Ghost
---@field row integer
---@field col integer In bytes.
---@field length integer Of the line, in bytes.
---@field items? lsp.InlineCompletionItem[] The alternatives, once they have been requested.
---@field index? integer Of the one shown, from 1.

--- The ghost text by buffer.
---@type table<integer, foretype.Shown>
local shown = {}

--- The one pending request: its debounce timer, then the function that cancels it.
local timer = assert(vim.uv.new_timer())
local cancel_sent = nil ---@type fun()?

local function cursor(bufnr)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return row - 1, col, vim.api.nvim_buf_get_lines(bufnr, row - 1, row, true)[1]
end

local function hide(bufnr)
  shown[bufnr] = nil
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

---@param bufnr integer
---@param ghost foretype.Shown
local function show(bufnr, ghost)
  hide(bufnr)
  local lines = vim.tbl_map(function(line)
    return { { line, "ForetypeGhost" } }
  end, vim.split(ghost.text, "\n", { plain = true }))
  vim.api.nvim_buf_set_extmark(bufnr, namespace, ghost.row, ghost.col, {
    virt_text = lines[1],
    virt_lines = vim.list_slice(lines, 2),
    virt_text_pos = "inline",
    hl_mode = "combine",
  })
  shown[bufnr] = ghost
end

--- Keep the rest of the ghost text if the user has typed along it, else hide it.
local function update(bufnr)
  local ghost = shown[bufnr]
  if not ghost then
    return
  end
  local row, col, line = cursor(bufnr)
  local typed = line:sub(ghost.col + 1, col)
  local is_insertion = row == ghost.row and col >= ghost.col and #line == ghost.length + #typed
  if is_insertion and vim.startswith(ghost.text, typed) and #typed < #ghost.text then
    local rest = vim.tbl_extend("force", ghost, { text = ghost.text:sub(#typed + 1), col = col, length = #line })
    if typed ~= "" then
      rest.items = nil -- they were for another place
    end
    show(bufnr, rest)
  else
    hide(bufnr)
  end
end

local function cancel_request()
  timer:stop()
  if cancel_sent then
    cancel_sent()
    cancel_sent = nil
  end
end

local function request(bufnr)
  local client = vim.lsp.get_clients({ name = "foretype", bufnr = bufnr })[1]
  if not client or not inline.is_inserting(bufnr) then
    return
  end
  local row, col, line = cursor(bufnr)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = 2 } -- automatic
  local sent, id = client:request(METHOD, params, function(err, result)
    local now_row, now_col, now_line = cursor(bufnr)
    if err or not inline.is_inserting(bufnr) or now_row ~= row or now_col ~= col or now_line ~= line then
      return
    end
    local item = result and (result.items or result)[1]
    if item and type(item.insertText) == "string" and item.insertText ~= "" then
      local position = { row = row, col = col, length = #line }
      local ghost = { text = item.insertText, client_id = client.id, command = item.command }
      show(bufnr, vim.tbl_extend("error", position, ghost))
    else
      hide(bufnr)
    end
  end, bufnr)
  cancel_sent = sent and function()
    client:cancel_request(id)
  end or nil
end

local function on_edit(bufnr)
  cancel_request()
  update(bufnr)
  timer:start(config.current.inline.debounce, 0, function()
    vim.schedule(function()
      request(bufnr)
    end)
  end)
end

local function group_name(bufnr)
  return "foretype.ghost." .. bufnr
end

function M.attach(client, bufnr)
  if vim.lsp.inline_completion then
    vim.lsp.inline_completion.enable(false, { client_id = client.id })
  end
  local hint = vim.fn.hlexists("ComplHint") == 1 and "ComplHint" or "NonText"
  vim.api.nvim_set_hl(0, "ForetypeGhost", { default = true, link = hint })
  local group = vim.api.nvim_create_augroup(group_name(bufnr), {})
  local function on(events, act)
    vim.api.nvim_create_autocmd(events, {
      group = group,
      buffer = bufnr,
      callback = function()
        act(bufnr)
      end,
    })
  end
  on({ "InsertEnter", "CursorMovedI", "TextChangedI", "TextChangedP" }, on_edit)
  local function leave()
    cancel_request()
    hide(bufnr)
  end
  on({ "InsertLeave", "BufLeave" }, leave)
  vim.api.nvim_create_autocmd("ModeChanged", { -- CTRL-C leaves insert mode without InsertLeave
    group = group,
    pattern = "[iR]*:n*",
    callback = function()
      if vim.api.nvim_get_current_buf() == bufnr then
        leave()
      end
    end,
  })
  if inline.is_inserting(bufnr) then
    on_edit(bufnr)
  end
end

function M.detach(_, bufnr)
  pcall(vim.api.nvim_del_augroup_by_name, group_name(bufnr))
  cancel_request()
  hide(bufnr)
end

--- Show one of the items at the place of a ghost text.
local function show_item(bufnr, ghost, items, index)
  local item = items[(index - 1) % #items + 1]
  local other = { text = item.insertText, command = item.command, items = items, index = (index - 1) % #items + 1 }
  show(bufnr, vim.tbl_extend("force", ghost, other))
end

function M.alternative(bufnr, step)
  update(bufnr)
  local ghost = shown[bufnr]
  local client = ghost and vim.lsp.get_client_by_id(ghost.client_id)
  if not ghost or not client then
    return false
  end
  if ghost.items then
    show_item(bufnr, ghost, ghost.items, ghost.index + step)
    return true
  end
  cancel_request()
  inline.request_alternatives(client, bufnr, function(items)
    show_item(bufnr, ghost, items, step > 0 and 2 or #items)
  end)
  return true
end

function M.accept(bufnr, on_accept)
  update(bufnr) -- for keys that arrived together, without an event each
  local ghost = shown[bufnr]
  if not ghost then
    return false
  end
  cancel_request()
  hide(bufnr)
  on_accept(ghost)
  return true
end

return M
