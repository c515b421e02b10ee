import { config } from 'zod'

// By default zod tries whether code may be made of texts, which the page's policy forbids and reports. To be imported
// before anything that makes schemas.
config({ jitless: true })
