/** Larger bodies are moved, smaller ones cloned: whichever took less CPU. */
export const isTransferred = (body) => body.length > 4096;
