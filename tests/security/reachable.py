"""The routes that can be reached: ours, those of MCP, and Gradio's."""

OURS = {
    "/api/ask", "/api/ask/stream", "/api/search", "/api/documents", "/api/document", "/api/page",
    "/api/original", "/api/feedback", "/api/health", "/api/ready", "/api/openapi.json",
    "/api/{name:path}", "/docs", "/metrics", "/mcp/", "/v1/chat/completions", "/v1/embeddings",
    "/v1/models", "/v1/models/{name}", "/v1/{name:path}",
}  # fmt: skip
GRADIO = {
    "/", "/assets/{path:path}", "/config", "/favicon.ico", "/manifest.json", "/static/{path:path}",
    "/svelte/{path:path}", "/theme.css", "/gradio_api/api/{api_name}",
    "/gradio_api/api/{api_name}/", "/gradio_api/app_id", "/gradio_api/call/v2/{api_name}",
    "/gradio_api/call/v2/{api_name}/",
    "/gradio_api/call/v2/{api_name}/{event_id}", "/gradio_api/call/{api_name}",
    "/gradio_api/call/{api_name}/",
    "/gradio_api/call/{api_name}/{event_id}", "/gradio_api/cancel",
    "/gradio_api/file={path_or_url:path}", "/gradio_api/info", "/gradio_api/queue/data",
    "/gradio_api/queue/join", "/gradio_api/reset", "/gradio_api/run/{api_name}",
    "/gradio_api/run/{api_name}/", "/gradio_api/startup-events", "/gradio_api/upload",
    "/gradio_api/upload_progress",
}  # fmt: skip
"""All that can be reached of Gradio; of what a new version brings, nothing until it is here."""
