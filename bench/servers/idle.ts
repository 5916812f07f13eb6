import express from 'express'

/** An Express handler that takes a notification's place and does nothing, as a program: its port is the one argument. */
const app = express()
app.get('/healthz', (_request, response) => void response.end())
app.post('/invoicebox/notifications', (_request, response) => void response.end())

const server = app.listen(Number(process.argv[2]), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
})
