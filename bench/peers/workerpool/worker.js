import workerpool from 'workerpool';

workerpool.worker({ echo: async (body) => body });
