// Preloaded into a program that has a process group of its own: when the parent was killed, it ends the same way.
if (process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.channel.unref()
}
