export { connect } from '../../scenarios/http/client.ts';
