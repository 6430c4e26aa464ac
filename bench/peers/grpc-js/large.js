// Options of servers and channels in the scenario `large`: by default no message over 4 MiB is taken, and 64 KiB are sent ahead.

export const large = { 'grpc.max_receive_message_length': 16 * 2 ** 20, 'grpc-node.flow_control_window': 2 ** 20 };
