// shim
export {
  type ApplyFilter as KeepLikeliest,
  applyFilter as keepLikeliest,
} from '../apply-filter/apply-filter.ts'
