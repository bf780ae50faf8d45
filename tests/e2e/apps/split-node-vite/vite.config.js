import { defineConfig } from "vite";

// Names without a hash: two builds have the same files.
export default defineConfig({
  build: {
    target: "es2022",
    rollupOptions: {
      output: { entryFileNames: "assets/[name].js", assetFileNames: "assets/[name][extname]" },
    },
  },
});
