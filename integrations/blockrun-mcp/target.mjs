// What a platform is called in the names of packages.

/** Such as `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`. */
export function target(platform, arch) {
  const glibc = () => process.report.getReport().header.glibcVersionRuntime;
  const abi = { linux: () => (glibc() ? '-gnu' : '-musl'), win32: () => '-msvc' }[platform];
  return `${platform}-${arch}${abi?.() ?? ''}`;
}
