import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './ui/style/tokens.css'
import './ui/style/base.css'
import './ui/style/print.css'
import { App } from './app/app.tsx'
import { applyTheme } from './ui/state/settings.ts'

applyTheme()
const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
