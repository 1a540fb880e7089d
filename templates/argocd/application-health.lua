-- How an Application fares that another one manages. Argo CD has no answer of its own, and sync waves would not wait.
local health = {status = "Progressing", message = "waits for its first sync"}

-- The one that manages itself would wait for itself.
local annotations = obj.metadata.annotations
if annotations ~= nil and annotations["argocd.argoproj.io/ignore-healthcheck"] == "true" then
  health.status = "Healthy"
  health.message = "not looked at"
  return health
end

local status = obj.status
if status == nil or status.health == nil or status.health.status == nil then
  return health
end

-- Nothing may be ill because nothing is there yet.
local synced = status.sync ~= nil and status.sync.status == "Synced"
local succeeded = status.operationState ~= nil and status.operationState.phase == "Succeeded"
if status.health.status == "Healthy" and not (synced or succeeded) then
  return health
end

health.status = status.health.status
health.message = status.health.message or ""
return health
