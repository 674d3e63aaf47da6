declare module 'serverless/bin/serverless.js'
