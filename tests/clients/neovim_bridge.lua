-- Runs what the test says, in this Neovim: a line of JSON comes with Lua code and its arguments, one goes back with
-- what the code returned, or with its error.
local path = vim.env.FORETYPE_TEST_SOCKET
local listening = assert(vim.uv.new_pipe())
assert(listening:bind(path))

local function run(line)
  local asked = vim.json.decode(line)
  local code, problem = load(asked.lua)
  if not code then
    return { well = false, error = problem }
  end
  local well, result = pcall(code, unpack(asked.arguments))
  return { well = well, result = result, error = not well and tostring(result) or nil }
end

listening:listen(1, function()
  local connection = assert(vim.uv.new_pipe())
  listening:accept(connection)
  local pending = ""
  connection:read_start(function(_, data)
    pending = pending .. (data or "")
    for line in pending:gmatch("([^\n]*)\n") do
      vim.schedule(function()
        connection:write(vim.json.encode(run(line)) .. "\n")
      end)
    end
    pending = pending:match("[^\n]*$")
  end)
end)
