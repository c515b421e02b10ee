// shim
export * from './vulkan-driver.ts'
