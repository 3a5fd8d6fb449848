-- Request the paths of a file in turn; headers from the environment, `Name: value` a line.
local paths, n = {}, 0
for line in io.lines(os.getenv("BENCH_PATHS")) do paths[#paths + 1] = line end
local headers = {}
for line in (os.getenv("BENCH_HEADERS") or ""):gmatch("[^\n]+") do
  local name, value = line:match("^([^:]+): (.*)$")
  headers[name] = value
end
local thread_number = 0
function setup(thread) thread:set("offset", thread_number * 37); thread_number = thread_number + 1 end
function request()
  n = n + 1
  return wrk.format("GET", paths[(offset + n) % #paths + 1], headers)
end
function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, e.status + e.connect + e.read + e.write + e.timeout,
    latency:percentile(99), summary.bytes))
end
