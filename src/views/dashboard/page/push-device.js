/** Where this browser keeps which of the devices it is; below paths of one host there may be several services. */
export const DEVICE = `looper.device ${location.pathname}`
