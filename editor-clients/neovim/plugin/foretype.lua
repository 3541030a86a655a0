-- Foretype starts by itself once installed. `require("foretype").setup` sets its options.
if vim.g.loaded_foretype then
  return
end
vim.g.loaded_foretype = true

if vim.fn.has("nvim-0.11") == 0 then
  local text = "Foretype needs Neovim 0.11 or later. Update Neovim, or remove the plugin."
  vim.api.nvim_echo({ { text, "WarningMsg" } }, true, {})
  return
end

vim.api.nvim_create_user_command("Foretype", function(command)
  require("foretype.commands").run(command)
end, {
  nargs = "+",
  bang = true,
  desc = "Foretype: status, statistics, explain, forget, train, enable, disable, restart, log",
  complete = function(lead, line)
    return require("foretype.commands").complete(lead, line)
  end,
})

-- After the user's configuration, which may call `setup` anywhere.
vim.schedule(function()
  require("foretype").start()
end)
