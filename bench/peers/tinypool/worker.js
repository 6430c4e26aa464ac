export default async (body) => body;
